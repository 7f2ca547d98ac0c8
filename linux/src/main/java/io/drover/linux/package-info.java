/** Foreign-function bindings to what Linux offers and the JDK does not. */
@NullMarked
package io.drover.linux;

import org.jspecify.annotations.NullMarked;
