-- @description Antiphon: next take
-- @version 0.1.0
-- @author Antiphon
-- @noindex
-- @about Shows the next take of the last answer.
-- @changelog First version
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
package.path = here .. "lib/?.lua;" .. package.path
require("actions").next_take()
