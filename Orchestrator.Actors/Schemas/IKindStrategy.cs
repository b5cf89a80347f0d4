using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>What a kind does to its objects before they are validated and stored, beyond what its schema says.</summary>
/// <remarks>Pure functions over the tree. Found by <c>KindStrategies</c>; most kinds need none.</remarks>
public interface IKindStrategy
{
    /// <summary>Defaults that need logic, such as a pull policy that depends on the tag. Runs after the schema's defaults.</summary>
    void ApplyDefaults(JsonObject tree);

    /// <summary>Takes out what the kind knows but does not serve, as its feature gate is closed; an object that has it keeps it. Runs first of what prepares a write.</summary>
    /// <param name="stored">Null for a new object.</param>
    void DropClosed(JsonObject tree, JsonObject? stored) { }

    /// <summary>Sets what the system decides at creation (a phase, allocations that need no one else).</summary>
    void PrepareForCreate(JsonObject tree) { }

    /// <summary>Writes into a new object who asks for it, over whatever the client wrote there. Runs after <see cref="PrepareForCreate"/>.</summary>
    void SetRequester(JsonObject tree, UserInfo user) { }

    /// <summary>Whether what an object owns outlives it where a deletion does not say; of most kinds it goes too.</summary>
    bool OrphansDependents => false;

    /// <summary>Carries over from <paramref name="stored"/> what this update may not touch.</summary>
    /// <param name="subresource">Empty for the object itself; status is already separated when this runs.</param>
    void PrepareForUpdate(JsonObject tree, JsonObject stored, string subresource) { }

    /// <summary>Writes the times of what this update changes where the client left them out. Runs after <see cref="PrepareForUpdate"/>.</summary>
    void SetTimes(JsonObject tree, JsonObject stored, string subresource, DateTimeOffset now) { }
}
