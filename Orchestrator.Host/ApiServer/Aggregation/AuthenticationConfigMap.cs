using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer.Aggregation;

/// <summary>Tells other API servers how requests that we hand on to them are to be believed.</summary>
/// <remarks>
/// Source: kube-apiserver, controlplane/controller/clusterauthenticationtrust. Authorities that other API servers of the cluster wrote
/// stay, so that servers with different ones are believed side by side.
/// </remarks>
public sealed class AuthenticationConfigMap(ResourceStore store, ApiServerOptions options)
{
    /// <summary>The common name that our certificate bears.</summary>
    public const string FrontProxyName = "front-proxy-client";

    private static readonly ObjectKey Key = new("kube-system", "extension-apiserver-authentication");

    /// <summary>Writes it where it does not say so yet; false when that has to be tried again.</summary>
    public async Task<bool> PublishAsync(CancellationToken cancellationToken)
    {
        if (options.FrontProxyAuthority is null) return true;
        var stored = await store.GetAsync(ResourceTypes.ConfigMaps, Key, cancellationToken).ConfigureAwait(false);
        var tree = stored?.ToTree() ?? new JsonObject { ["metadata"] = new JsonObject { ["name"] = Key.Name, ["namespace"] = Key.Namespace } };
        var data = JsonTree.Ensure(tree, "data");
        var before = data.DeepClone();
        Fill(data);
        if (JsonTree.DeepEquals(before, data)) return true;
        var schema = store.SchemaOf(ResourceTypes.ConfigMaps);
        var result = stored is null
            ? await store.CreateAsync(schema, Key.Namespace, tree, cancellationToken: cancellationToken).ConfigureAwait(false)
            : await store.UpdateAsync(schema, Key, tree, cancellationToken: cancellationToken).ConfigureAwait(false);
        // Without its namespace, as before the first start has ended, it is for later.
        return result.Error is null;
    }

    private void Fill(JsonObject data)
    {
        AddAuthorities(data, "client-ca-file", [.. options.ClientAuthorities, .. options.MoreClientAuthorities]);
        AddAuthorities(data, "requestheader-client-ca-file", [options.FrontProxyAuthority!, .. options.FrontProxyAuthorities]);
        // Any name goes where an authority was given without names.
        string[] names = options.FrontProxyAuthorities.Count > 0 && options.FrontProxyNames.IsEmpty ? [] : [FrontProxyName, .. options.FrontProxyNames];
        data["requestheader-allowed-names"] = JsonSerializer.Serialize(names);
        data["requestheader-extra-headers-prefix"] = """["X-Remote-Extra-"]""";
        data["requestheader-group-headers"] = """["X-Remote-Group"]""";
        data["requestheader-username-headers"] = """["X-Remote-User"]""";
    }

    private static void AddAuthorities(JsonObject data, string name, IEnumerable<X509Certificate2> authorities)
    {
        var known = new X509Certificate2Collection();
        if (JsonTree.String(data, name) is { Length: > 0 } pem) known.ImportFromPem(pem);
        foreach (var authority in authorities)
            if (!known.Any(k => k.RawData.AsSpan().SequenceEqual(authority.RawData))) known.Add(authority);
        data[name] = string.Concat(known.Select(static c => c.ExportCertificatePem() + "\n"));
    }
}
