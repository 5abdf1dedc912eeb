-- @description Antiphon: continue item, and all its other actions
-- @version 0.1.0
-- @author Antiphon
-- @about Continues the selected MIDI item, else the one under the mouse, at its next barline.
-- @provides
--   [main] Antiphon - again.lua
--   [main] Antiphon - cancel.lua
--   [main] Antiphon - generate into time selection.lua
--   [main] Antiphon - next take.lua
--   [main] Antiphon - settings.lua
--   [nomain] lib/*.lua
-- @changelog First version
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
package.path = here .. "lib/?.lua;" .. package.path
require("actions").ask("continue")
