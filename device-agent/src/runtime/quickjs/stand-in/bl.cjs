/** CommonJS, because mqtt-packet calls what `require` returns. */
const { BufferList } = require('./buffer-list.ts');

module.exports = () => new BufferList();
