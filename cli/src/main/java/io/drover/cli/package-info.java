/** The daily verbs of the drover command, a thin client of the local API. */
@NullMarked
package io.drover.cli;

import org.jspecify.annotations.NullMarked;
