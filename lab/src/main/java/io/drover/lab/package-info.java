/** Hosts, links, guests and experiments made on one machine. */
@NullMarked
package io.drover.lab;

import org.jspecify.annotations.NullMarked;
