using System.Collections.Immutable;
using Orchestrator.Actors.Cel.Checking;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>All that an expression of Kubernetes 1.32 may call.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/cel/environment/base.go.</remarks>
internal static class KubernetesLibraries
{
    public static ImmutableArray<CelLibrary> All { get; } =
    [
        StandardLibrary.Build(),
        OptionalLibrary.Build(),
        Regexes.Build(),
        StringLibrary.Build(),
        ListLibrary.Build(),
        QuantityLibrary.Build(),
        AddressLibrary.Build(),
        UrlLibrary.Build(),
        FormatLibrary.Build(),
        AuthorizerLibrary.Build(),
    ];
}
