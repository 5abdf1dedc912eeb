-- @description Antiphon: continue item
-- @version 0.1.0
-- @author Antiphon
-- @about Continues the selected MIDI item, else the one under the mouse, at its next barline.
-- @provides
--   [nomain] lib/*.lua
-- @changelog First version
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
package.path = here .. "lib/?.lua;" .. package.path
require("actions").ask("continue")
