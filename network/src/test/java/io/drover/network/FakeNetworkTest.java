package io.drover.network;

class FakeNetworkTest extends HostNetworkContract {
  private final FakeNetwork network = new FakeNetwork();

  @Override
  HostNetwork network() {
    return network;
  }
}
