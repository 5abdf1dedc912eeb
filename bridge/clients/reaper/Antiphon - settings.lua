-- @description Antiphon: settings
-- @version 0.1.0
-- @author Antiphon
-- @noindex
-- @about Model, length, temperature, seed, takes, scale, range and ending of all answers to come.
-- @changelog First version
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
package.path = here .. "lib/?.lua;" .. package.path
require("actions").settings()
