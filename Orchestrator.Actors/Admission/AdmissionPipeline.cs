using System.Collections.Immutable;
using Orchestrator.Actors.Admission.Plugins;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission;

/// <summary>The plugins that every request passes, in their order.</summary>
public sealed class AdmissionPipeline(ImmutableArray<IAdmissionPlugin> plugins)
{
    /// <summary>What every cluster has. The namespace comes first: nothing else needs looking at when it is not there.</summary>
    public static AdmissionPipeline BuiltIn { get; } = new([
        new NamespaceLifecycle(),
        new DefinitionLifecycle(),
        new ServiceAccountDefault(),
        new PodPriority(),
        new DefaultTolerationSeconds(),
    ]);

    /// <summary>Lets the plugins change the object, until one refuses.</summary>
    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
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
