using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authentication;

/// <summary>An object that a token names by its identity.</summary>
public sealed record BoundObject(string Name, string Uid);

/// <summary>What a service account's token says beside for whom and how long.</summary>
/// <param name="Account">The account.</param>
/// <param name="AccountUid">The account is not another of the same name.</param>
public sealed record ServiceAccountIdentity(ObjectKey Account, string AccountUid)
{
    /// <summary>The token ends with this pod; null for none.</summary>
    public BoundObject? Pod { get; init; }

    /// <summary>The node of the pod, or, without a pod, the node that the token ends with.</summary>
    public BoundObject? Node { get; init; }

    /// <summary>The token ends with this secret; null for none.</summary>
    public BoundObject? Secret { get; init; }
}
