/* SPDX-License-Identifier: Apache-2.0
 * Targets in mode xlate: the handshake is relayed, then the flow is translated and nothing more. */
#pragma once

#include "dataplane/tcp/inspector.h"

extern const struct inspector inspector_bypass;
