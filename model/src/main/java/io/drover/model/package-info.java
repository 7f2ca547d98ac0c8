/** The words of Drover as records; nothing here acts. */
@NullMarked
package io.drover.model;

import org.jspecify.annotations.NullMarked;
