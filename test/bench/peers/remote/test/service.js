/**
 * What pinus-rpc serves.
 */

class Service {
  async echo(text) {
    return text;
  }
}

module.exports.default = () => new Service();
