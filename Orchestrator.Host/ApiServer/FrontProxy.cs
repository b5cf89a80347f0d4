using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Authentication;

namespace Orchestrator.Host.ApiServer;

/// <summary>Believes a proxy that has told users apart already, as an aggregating API server does: it names them in headers.</summary>
/// <remarks>Source: k8s.io/apiserver, authentication/request/headerrequest. Only a proxy whose certificate is of its own authority is believed.</remarks>
/// <param name="certificates">Of the proxies' authority.</param>
/// <param name="names">The common names that proxies may have; empty for any.</param>
public sealed class FrontProxy(ClientCertificates certificates, ImmutableArray<string> names)
{
    private const string UserHeader = "X-Remote-User";
    private const string GroupHeader = "X-Remote-Group";
    private const string UidHeader = "X-Remote-Uid";
    private const string ExtraPrefix = "X-Remote-Extra-";

    /// <summary>The user that the proxy names; null when the request is not from a proxy or names nobody.</summary>
    public UserInfo? UserOf(X509Certificate2 certificate, IHeaderDictionary headers)
    {
        var name = First(headers, UserHeader);
        if (name.Length == 0 || certificates.UserOf(certificate) is not { } proxy || (!names.IsEmpty && !names.Contains(proxy.Name))) return null;
        ImmutableArray<string> groups = [.. headers[GroupHeader].Where(static g => !string.IsNullOrEmpty(g)).Select(static g => g!)];
        if (!groups.Contains(UserInfo.Authenticated)) groups = groups.Add(UserInfo.Authenticated);
        var extra = ImmutableDictionary<string, ImmutableArray<string>>.Empty;
        foreach (var header in headers)
        {
            if (!header.Key.StartsWith(ExtraPrefix, StringComparison.OrdinalIgnoreCase)) continue;
            // One key may be written in two ways.
            var key = Uri.UnescapeDataString(header.Key[ExtraPrefix.Length..].ToLowerInvariant());
            extra = extra.SetItem(key, extra.GetValueOrDefault(key, []).AddRange(header.Value.Select(static v => v ?? "")));
        }
        return new UserInfo(name, First(headers, UidHeader), groups) { Extra = extra };
    }

    private static string First(IHeaderDictionary headers, string name) => headers[name].FirstOrDefault(static v => !string.IsNullOrEmpty(v)) ?? "";
}
