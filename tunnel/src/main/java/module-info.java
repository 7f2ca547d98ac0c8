/** The one port: TLS, certificates, channels and the relay between a channel and QEMU. */
module io.drover.tunnel {
  requires static org.jspecify;
  requires transitive io.drover.model;
  requires transitive io.drover.wire;
  requires org.bouncycastle.pkix;
  requires org.bouncycastle.provider;
  requires org.slf4j;

  exports io.drover.tunnel;
}
