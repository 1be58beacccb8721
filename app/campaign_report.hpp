// What a campaign shows of itself: the line of its progress, its failures with the commands that
// repeat them, what it has covered, and all of that as JSON. Owns nothing.
#pragma once

#include <string>

#include "app/sim_campaign.hpp"

namespace zoetrope::app {

// One line, with the time that is left when it is known.
std::string progress_text(const CampaignTotals& totals);
// The end of a campaign, on standard output; with `lists_coverage` every point by name.
void show_campaign(const CampaignResult& result, bool lists_coverage);
void show_campaign_json(const CampaignResult& result, bool lists_coverage);

}  // namespace zoetrope::app
