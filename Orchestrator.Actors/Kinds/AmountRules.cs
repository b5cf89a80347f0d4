using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds;

/// <summary>What every amount of a resource must be.</summary>
/// <remarks>Source: ValidateResourceQuantityValue of kubernetes pkg/apis/core/validation.</remarks>
internal static class AmountRules
{
    /// <param name="whole">It comes in whole ones only.</param>
    public static void Validate(Quantity amount, bool whole, FieldPath path, FaultList faults)
    {
        if (amount.Sign < 0) faults.Invalid(path, amount.ToString(), "must be greater than or equal to 0");
        else if (whole && Quantity.FromUnits(amount.Units) != amount) faults.Invalid(path, amount.ToString(), "must be an integer");
    }
}
