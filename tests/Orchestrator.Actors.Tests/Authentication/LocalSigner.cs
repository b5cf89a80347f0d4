using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Authentication;

/// <summary>Signs with a key of its own, without the singleton.</summary>
internal sealed class LocalSigner : ITokenSigner
{
    private readonly TokenSigningKey _key = new(TokenSigningKey.Create());

    public Task<string> SignAsync(JsonObject claims, CancellationToken cancellationToken) => Task.FromResult(_key.Sign(claims));

    public ValueTask<ImmutableArray<TokenKey>> KeysAsync(CancellationToken cancellationToken) => ValueTask.FromResult<ImmutableArray<TokenKey>>([TokenKey.OfPem(_key.PublicPem)]);
}
