using System.Collections.Immutable;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Authentication;

/// <summary>Whether those who show nothing are let in as <c>system:anonymous</c>.</summary>
/// <param name="Enabled">They are.</param>
/// <param name="Paths">To these paths alone; empty is everywhere.</param>
public sealed record AnonymousAccess(bool Enabled, ImmutableArray<string> Paths)
{
    public static AnonymousAccess None { get; } = new(false, []);

    public static AnonymousAccess Everywhere { get; } = new(true, []);

    public bool LetsIn(string path) => Enabled && (Paths.IsEmpty || Paths.Contains(path));
}

/// <summary>Whose tokens are believed, as an AuthenticationConfiguration of apiserver.config.k8s.io says; read, checked and compiled. Immutable.</summary>
/// <remarks>Source of the rules and their words: k8s.io/apiserver, pkg/apis/apiserver/validation.</remarks>
/// <param name="Jwt">The issuers of tokens.</param>
/// <param name="Anonymous">Null where that is left to the flag.</param>
public sealed record AuthenticationConfiguration(ImmutableArray<JwtAuthenticator> Jwt, AnonymousAccess? Anonymous)
{
    public const string Kind = "AuthenticationConfiguration";

    private const int IssuersMax = 64;

    /// <summary>Believes nobody, and leaves strangers to the flag.</summary>
    public static AuthenticationConfiguration Empty { get; } = new([], null);

    /// <summary>The versions in which such a file may be written.</summary>
    public static ImmutableArray<string> Versions { get; } = ["v1beta1", "v1alpha1"];

    /// <summary>Reads a tree of the schema <c>apiserver.AuthenticationConfiguration</c>. What is given back is of no use when there are faults.</summary>
    /// <param name="tree">The object.</param>
    /// <param name="disallowedIssuers">In whose name nobody else may sign: the cluster's own.</param>
    /// <param name="faults">Is told what is wrong.</param>
    public static AuthenticationConfiguration Read(JsonObject tree, ImmutableArray<string> disallowedIssuers, FaultList faults)
    {
        var path = FieldPath.Of("jwt");
        var jwt = ImmutableArray.CreateBuilder<JwtAuthenticator>();
        if (tree.CountOf("jwt") > IssuersMax) faults.TooMany(path, tree.CountOf("jwt"), IssuersMax);
        else
        {
            var issuers = new HashSet<string>(StringComparer.Ordinal);
            var places = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (index, entry) in tree.Entries("jwt"))
            {
                var here = path.Index(index);
                var read = new JwtReader(faults).Read(entry, here, disallowedIssuers);
                jwt.Add(read);
                if (!issuers.Add(read.Issuer)) faults.Duplicate(here.Child("issuer").Child("url"), read.Issuer);
                if (read.DiscoveryUrl.Length > 0 && !places.Add(read.DiscoveryUrl)) faults.Duplicate(here.Child("issuer").Child("discoveryURL"), read.DiscoveryUrl);
            }
        }
        return new AuthenticationConfiguration(jwt.ToImmutable(), ReadAnonymous(tree, faults));
    }

    private static AnonymousAccess? ReadAnonymous(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "anonymous") is not { } anonymous) return null;
        var enabled = JsonTree.Bool(anonymous, "enabled") == true;
        var paths = ImmutableArray.CreateBuilder<string>();
        foreach (var (_, condition) in anonymous.Entries("conditions")) paths.Add(JsonTree.String(condition, "path") ?? "");
        if (!enabled && paths.Count > 0)
            faults.Invalid(FieldPath.Of("anonymous").Child("conditions"), anonymous["conditions"], "enabled should be set to true when conditions are defined");
        return new AnonymousAccess(enabled, paths.ToImmutable());
    }
}
