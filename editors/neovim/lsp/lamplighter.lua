-- Neovim 0.11 and later find this file by its name, so that `vim.lsp.enable('lamplighter')` needs no more words.
-- The plugin itself (plugin/lamplighter.lua) uses the same configuration on every version.
return require('lamplighter').client_config()
