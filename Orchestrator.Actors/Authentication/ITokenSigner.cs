using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authentication;

/// <summary>Signs the tokens of service accounts. The private key is the cluster's one and does not leave its owner.</summary>
public interface ITokenSigner
{
    /// <summary>The token that carries the claims.</summary>
    /// <exception cref="TimeoutException">The owner of the key does not answer.</exception>
    Task<string> SignAsync(JsonObject claims, CancellationToken cancellationToken);

    /// <summary>The keys by which tokens are recognized.</summary>
    /// <exception cref="TimeoutException">The owner of the key does not answer.</exception>
    ValueTask<ImmutableArray<TokenKey>> KeysAsync(CancellationToken cancellationToken);
}
