-- @description Antiphon: cancel
-- @version 0.1.0
-- @author Antiphon
-- @noindex
-- @about Stops what Antiphon is working on.
-- @changelog First version
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
package.path = here .. "lib/?.lua;" .. package.path
require("actions").cancel()
