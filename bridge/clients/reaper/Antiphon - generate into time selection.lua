-- @description Antiphon: generate into time selection
-- @version 0.1.0
-- @author Antiphon
-- @noindex
-- @about Fills the time selection, on the selected track, with notes of the model's own.
-- @changelog First version
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
package.path = here .. "lib/?.lua;" .. package.path
require("actions").ask("generate")
