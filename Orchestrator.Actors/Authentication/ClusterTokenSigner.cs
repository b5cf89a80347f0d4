using System.Collections.Immutable;
using Akka.Actor;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authentication;

/// <summary>Has tokens signed by the cluster's authority, which may be in another process.</summary>
public sealed class ClusterTokenSigner(IActorRef authority) : ITokenSigner
{
    /// <summary>How long to wait for the singleton, which may be moving.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private const int Attempts = 5;

    private ImmutableArray<TokenKey> _keys = [];

    public async Task<string> SignAsync(JsonObject claims, CancellationToken cancellationToken) =>
        (await AskAsync<TokenSigned>(new SignToken(JsonTree.ToText(claims)), cancellationToken).ConfigureAwait(false)).Token;

    public ValueTask<ImmutableArray<TokenKey>> KeysAsync(CancellationToken cancellationToken)
    {
        // The key is made once for the life of the cluster.
        var keys = _keys;
        return keys.IsEmpty ? FetchAsync(cancellationToken) : ValueTask.FromResult(keys);
    }

    private async ValueTask<ImmutableArray<TokenKey>> FetchAsync(CancellationToken cancellationToken)
    {
        var answer = await AskAsync<TokenKeys>(new GetTokenKeys(), cancellationToken).ConfigureAwait(false);
        ImmutableArray<TokenKey> keys = [.. answer.PublicPems.Select(TokenKey.OfPem)];
        ImmutableInterlocked.InterlockedExchange(ref _keys, keys);
        return keys;
    }

    private async Task<T> AskAsync<T>(object question, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await authority.Ask<T>(question, Patience, cancellationToken).ConfigureAwait(false);
            }
            catch (AskTimeoutException e)
            {
                if (attempt == Attempts) throw new TimeoutException("The owner of the key that signs tokens does not answer.", e);
            }
        }
    }
}
