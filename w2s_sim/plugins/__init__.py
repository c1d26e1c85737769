"""Plugins: statements, kinds of tasks and estimators, laws and ready studies from other packages."""

from w2s_sim.plugins.kinds import EstimatorKind as EstimatorKind
from w2s_sim.plugins.kinds import TaskKind as TaskKind
from w2s_sim.plugins.loading import is_place as is_place
from w2s_sim.plugins.open_registry import all_statements as all_statements
from w2s_sim.plugins.open_registry import bring_in as bring_in
from w2s_sim.plugins.open_registry import brought_in as brought_in
from w2s_sim.plugins.open_registry import find_statement as find_statement
from w2s_sim.plugins.open_registry import registry as registry
from w2s_sim.plugins.open_registry import statements_of as statements_of
from w2s_sim.plugins.plugin import Plugin as Plugin
from w2s_sim.plugins.what_they_bring import on_the_command_line as on_the_command_line
from w2s_sim.plugins.what_they_bring import what_plugins_bring as what_plugins_bring
