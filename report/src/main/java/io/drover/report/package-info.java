/**
 * From measured numbers to JSON, CSV, charts and a page that is understood without reading code.
 */
@NullMarked
package io.drover.report;

import org.jspecify.annotations.NullMarked;
