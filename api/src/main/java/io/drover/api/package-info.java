/** The local API: its records, its JSON, and a client and a server for it over any byte stream. */
@NullMarked
package io.drover.api;

import org.jspecify.annotations.NullMarked;
