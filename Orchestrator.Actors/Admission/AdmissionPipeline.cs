using System.Collections.Immutable;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission;

/// <summary>The plugins that every request passes, in their order.</summary>
public sealed class AdmissionPipeline(ImmutableArray<IAdmissionPlugin> plugins)
{
    /// <summary>What is on by default and needs nothing from outside.</summary>
    public static AdmissionPipeline BuiltIn { get; } = AdmissionPlugins.Build(AdmissionPlugins.Default, new AdmissionServices());

    private readonly ImmutableArray<IWriteWatcher> _watchers = [.. plugins.OfType<IWriteWatcher>()];

    /// <summary>The names of the plugins, in their order.</summary>
    public IEnumerable<string> Names => plugins.Select(static p => p.Name);

    /// <summary>Lets the plugins change the object, until one refuses; once more when a webhook has changed it.</summary>
    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        var pending = MutateAsync(request, registries, cancellationToken);
        return pending.IsCompletedSuccessfully && !request.NeedsReinvocation ? pending : AgainAsync(pending, request, registries, cancellationToken);
    }

    /// <summary>Whether a plugin may have something to say about what a part of this product writes. At hand as long as no configuration changes.</summary>
    public async ValueTask<bool> WatchesAsync(WriteKind kind, IRegistries registries, CancellationToken cancellationToken)
    {
        foreach (var watcher in _watchers)
            if (await watcher.WatchesAsync(kind, registries, cancellationToken).ConfigureAwait(false)) return true;
        return false;
    }

    private async ValueTask<ApiError?> AgainAsync(ValueTask<ApiError?> pending, AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (await pending.ConfigureAwait(false) is { } refused) return refused;
        if (!request.NeedsReinvocation) return null;
        request.IsReinvocation = true;
        return await MutateAsync(request, registries, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<ApiError?> MutateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        RunAsync(static (plugin, r, registries, token) => plugin.AdmitAsync(r, registries, token), request, registries, cancellationToken);

    /// <summary>Lets the plugins look at the validated object, until one refuses.</summary>
    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        RunAsync(static (plugin, r, registries, token) => plugin.ValidateAsync(r, registries, token), request, registries, cancellationToken);

    private ValueTask<ApiError?> RunAsync(Phase phase, AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        // Nearly every plugin answers at once, so the usual request allocates no state machine.
        for (var i = 0; i < plugins.Length; i++)
        {
            var pending = phase(plugins[i], request, registries, cancellationToken);
            if (!pending.IsCompletedSuccessfully) return ContinueAsync(pending, i + 1, phase, request, registries, cancellationToken);
            if (pending.Result is { } error) return ValueTask.FromResult<ApiError?>(error);
        }
        return ValueTask.FromResult<ApiError?>(null);
    }

    private async ValueTask<ApiError?> ContinueAsync(
        ValueTask<ApiError?> pending, int next, Phase phase, AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        var error = await pending.ConfigureAwait(false);
        for (; error is null && next < plugins.Length; next++)
            error = await phase(plugins[next], request, registries, cancellationToken).ConfigureAwait(false);
        return error;
    }

    private delegate ValueTask<ApiError?> Phase(IAdmissionPlugin plugin, AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken);
}
