-- @description Antiphon: again
-- @version 0.1.0
-- @author Antiphon
-- @noindex
-- @about Asks for the last answer once more, with a new seed unless the seed is locked.
-- @changelog First version
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
package.path = here .. "lib/?.lua;" .. package.path
require("actions").again()
