# Runs when a package.json script could not be carried out, and says what to do
# if the reason is that npm did not let Bun's package run its install script.
# Then Bun is only a stub, so none of the TypeScript here can say it.

version=$(sed -n 's/.*"bun-types": "\([^"]*\)".*/\1/p' package.json)
command -v npx >/dev/null 2>&1 || exit 1
bun=$(npx --yes --package="bun@$version" -c 'command -v bun' 2>/dev/null)
[ -n "$bun" ] || exit 1
"$bun" --version >/dev/null 2>&1 && exit 1
install="$(dirname "$(dirname "$bun")")/bun/install.js"
[ -f "$install" ] || exit 1

cat >&2 <<END

Cannot run Bun $version: npm was not allowed to run its install script, which
fetches the executable (is ignore-scripts=true in your npm settings?).
Run that one script yourself, then repeat the command:

  node $install

END
exit 1
