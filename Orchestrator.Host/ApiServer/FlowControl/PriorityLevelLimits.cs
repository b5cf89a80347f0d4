using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer.FlowControl;

/// <summary>A PriorityLevelConfiguration, as far as it limits.</summary>
/// <param name="Exempt">Nothing of this level ever waits.</param>
/// <param name="Shares">Its weight when the seats of the server are divided.</param>
/// <param name="LendablePercent">The share of its seats that others may use while it does not.</param>
/// <param name="BorrowingPercent">Most seats that it may borrow, in percent of its own; null for no limit.</param>
/// <param name="Queues">How many queues there are; 0 turns away what finds no seat.</param>
/// <param name="HandSize">How many queues one flow may choose from.</param>
/// <param name="QueueLengthMax">Most requests that wait in one queue.</param>
public sealed record PriorityLevelLimits(
    string Name, string Uid, bool Exempt, long Shares, long LendablePercent, long? BorrowingPercent, int Queues, int HandSize, int QueueLengthMax)
{
    public static PriorityLevelLimits Parse(StoredObject stored)
    {
        var spec = JsonTree.Object(stored.ToTree(), "spec");
        var exempt = JsonTree.String(spec, "type") == "Exempt";
        var limits = JsonTree.Object(spec, exempt ? "exempt" : "limited");
        var response = JsonTree.Object(limits, "limitResponse");
        var queuing = JsonTree.String(response, "type") == "Queue" ? JsonTree.Object(response, "queuing") ?? [] : null;
        return new PriorityLevelLimits(
            stored.Key.Name, stored.Meta.Uid, exempt, Number(limits, "nominalConcurrencyShares", exempt ? 0 : 30), Number(limits, "lendablePercent", 0),
            JsonTree.Int64(limits, "borrowingLimitPercent"),
            queuing is null ? 0 : (int)Math.Clamp(Number(queuing, "queues", 64), 1, 10_000), queuing is null ? 0 : (int)Math.Clamp(Number(queuing, "handSize", 8), 1, 64),
            queuing is null ? 0 : (int)Math.Clamp(Number(queuing, "queueLengthLimit", 50), 1, 1_000_000));
    }

    private static long Number(JsonObject? tree, string name, long otherwise) => JsonTree.Int64(tree, name) ?? otherwise;
}
