using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.PriorityLevelConfigurations;

/// <summary>The limits of a level, and the queues that hold what is over them.</summary>
/// <remarks>Source: kubernetes pkg/apis/flowcontrol/validation.</remarks>
public sealed class PriorityLevelConfigurationValidation : IKindValidation
{
    private const long QueuesMax = 10_000_000;

    /// <summary>Most bits of a hash that dealing a hand may use up.</summary>
    private const int EntropyBitsMax = 60;

    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        var (limited, exempt) = (JsonTree.Object(spec, "limited"), JsonTree.Object(spec, "exempt"));
        switch (JsonTree.String(spec, "type"))
        {
            case "Exempt":
                if (limited is not null) faults.Forbidden(Spec.Child("limited"), "must be nil if the type is not Limited");
                if (exempt is not null) ValidateShares(exempt, Spec.Child("exempt"), faults);
                break;
            case "Limited":
                if (exempt is not null) faults.Forbidden(Spec.Child("exempt"), "must be nil if the type is Limited");
                if (limited is null) faults.Required(Spec.Child("limited"), "must not be empty when type is Limited");
                else ValidateLimited(limited, Spec.Child("limited"), faults);
                break;
            case var type:
                faults.NotSupported(Spec.Child("type"), type ?? "", ["Exempt", "Limited"]);
                break;
        }
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
    }

    private static void ValidateShares(JsonObject part, FieldPath path, FaultList faults)
    {
        if (JsonTree.Int64(part, "nominalConcurrencyShares") is < 0 and var shares) faults.Invalid(path.Child("nominalConcurrencyShares"), shares, "must be a non-negative integer");
        if (JsonTree.Int64(part, "lendablePercent") is { } percent && percent is < 0 or > 100)
            faults.Invalid(path.Child("lendablePercent"), percent, "must be between 0 and 100, inclusive");
    }

    private static void ValidateLimited(JsonObject limited, FieldPath path, FaultList faults)
    {
        ValidateShares(limited, path, faults);
        if (JsonTree.Int64(limited, "borrowingLimitPercent") is < 0 and var limit)
            faults.Invalid(path.Child("borrowingLimitPercent"), limit, "if specified, must be a non-negative integer");
        var response = JsonTree.Object(limited, "limitResponse");
        var queuing = JsonTree.Object(response, "queuing");
        var here = path.Child("limitResponse");
        switch (JsonTree.String(response, "type"))
        {
            case "Reject":
                if (queuing is not null) faults.Forbidden(here.Child("queuing"), "must be nil if limited.limitResponse.type is not Limited");
                break;
            case "Queue":
                if (queuing is null) faults.Required(here.Child("queuing"), "must not be empty if limited.limitResponse.type is Limited");
                else ValidateQueues(queuing, here.Child("queuing"), faults);
                break;
            case var type:
                faults.NotSupported(here.Child("type"), type ?? "", ["Queue", "Reject"]);
                break;
        }
    }

    private static void ValidateQueues(JsonObject queuing, FieldPath path, FaultList faults)
    {
        var (length, queues, hand) = (JsonTree.Int64(queuing, "queueLengthLimit") ?? 0, JsonTree.Int64(queuing, "queues") ?? 0, JsonTree.Int64(queuing, "handSize") ?? 0);
        if (length <= 0) faults.Invalid(path.Child("queueLengthLimit"), length, "must be positive");
        if (queues <= 0) faults.Invalid(path.Child("queues"), queues, "must be positive");
        else if (queues > QueuesMax) faults.Invalid(path.Child("queues"), queues, $"must not be greater than {QueuesMax}");
        if (hand <= 0) faults.Invalid(path.Child("handSize"), hand, "must be positive");
        else if (hand > queues) faults.Invalid(path.Child("handSize"), hand, $"should not be greater than queues ({queues})");
        else if (EntropyBits(queues, hand) > EntropyBitsMax)
            faults.Invalid(path.Child("handSize"), hand, $"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {EntropyBitsMax}");
    }

    /// <summary>The bits of a hash that dealing a hand uses up, a little more than it needs. Source: apiserver, shufflesharding.RequiredEntropyBits.</summary>
    private static double EntropyBits(long deck, long hand) => Math.Ceiling(Math.Log2(deck) * hand);
}
