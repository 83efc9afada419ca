// How many files this process may have open.
#pragma once

namespace weir {

// Raises it to all that the process is allowed. At start, before there are threads.
void raise_descriptor_limit();

}  // namespace weir
