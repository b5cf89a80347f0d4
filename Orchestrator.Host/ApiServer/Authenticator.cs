using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Authentication;

namespace Orchestrator.Host.ApiServer;

/// <summary>Tells who sends a request, by a client certificate of our authorities or by a bearer token.</summary>
public sealed class Authenticator
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string CommonName = "2.5.4.3";
    private const string Organization = "2.5.4.10";

    private readonly X509Certificate2Collection _authorities;
    private readonly TimeProvider _clock;
    private readonly Dictionary<string, UserInfo> _tokens;
    private readonly ConditionalWeakTable<X509Certificate2, Verified> _verified = [];

    /// <param name="tokens">From <see cref="ReadTokens"/>.</param>
    public Authenticator(X509Certificate2Collection authorities, IReadOnlyDictionary<string, UserInfo> tokens, TimeProvider clock)
    {
        _authorities = authorities;
        _clock = clock;
        // Looked up by digest, so that the time of a look-up tells nothing about a token.
        _tokens = tokens.ToDictionary(t => Digest(t.Key), t => t.Value, StringComparer.Ordinal);
    }

    /// <summary>Null when the request shows nothing that we believe.</summary>
    public UserInfo? Authenticate(HttpContext context)
    {
        if (context.Connection.ClientCertificate is { } certificate && UserOf(certificate) is { } user) return user;
        var header = context.Request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? _tokens.GetValueOrDefault(Digest(header["Bearer ".Length..].Trim()))
            : null;
    }

    /// <summary>Reads Kubernetes' token file: <c>token,user,uid</c> and optionally <c>"group,group"</c> on each line.</summary>
    /// <exception cref="FormatException">A line is none; the message names its number.</exception>
    public static IReadOnlyDictionary<string, UserInfo> ReadTokens(IEnumerable<string> lines)
    {
        var tokens = new Dictionary<string, UserInfo>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            if (line.Trim().Length == 0 || line[0] == '#') continue;
            var fields = SplitCsv(line);
            if (fields.Count < 3 || fields[0].Length == 0 || fields[1].Length == 0)
                throw new FormatException($"line {number} of the token file must have the columns token, user, uid and optionally groups");
            ImmutableArray<string> groups = fields.Count > 3 ? [.. fields[3].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)] : [];
            tokens[fields[0]] = new UserInfo(fields[1], fields[2], groups.Add(UserInfo.Authenticated));
        }
        return tokens;
    }

    private UserInfo? UserOf(X509Certificate2 certificate)
    {
        // A connection shows one certificate for all its requests, and verifying takes longer than a request.
        if (!_verified.TryGetValue(certificate, out var verified))
        {
            verified = new Verified(Verify(certificate) ? ReadSubject(certificate) : null, certificate.NotAfter);
            _verified.AddOrUpdate(certificate, verified);
        }
        return verified.User is not null && _clock.GetUtcNow() <= verified.NotAfter ? verified.User : null;
    }

    private bool Verify(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTime = _clock.GetUtcNow().LocalDateTime;
        return chain.Build(certificate);
    }

    /// <summary>The common name is the user, every organization a group.</summary>
    private static UserInfo? ReadSubject(X509Certificate2 certificate)
    {
        var name = "";
        var groups = ImmutableArray.CreateBuilder<string>();
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements) ReadElements(part.RawData, ref name, groups);
            else if (part.GetSingleElementType().Value == CommonName) name = part.GetSingleElementValue() ?? "";
            else if (part.GetSingleElementType().Value == Organization) groups.Add(part.GetSingleElementValue() ?? "");
        }
        if (name.Length == 0) return null;
        groups.Add(UserInfo.Authenticated);
        return new UserInfo(name, "", groups.ToImmutable());
    }

    // Go writes all organizations as the elements of one set, which X500RelativeDistinguishedName does not take apart.
    private static void ReadElements(ReadOnlyMemory<byte> raw, ref string name, ImmutableArray<string>.Builder groups)
    {
        var set = new AsnReader(raw, AsnEncodingRules.DER).ReadSetOf();
        while (set.HasData)
        {
            var element = set.ReadSequence();
            var type = element.ReadObjectIdentifier();
            var tag = element.PeekTag();
            var value = element.ReadCharacterString((UniversalTagNumber)tag.TagValue);
            if (type == CommonName) name = value;
            else if (type == Organization) groups.Add(value);
        }
    }

    private static string Digest(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static List<string> SplitCsv(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (quoted && c == '"' && i + 1 < line.Length && line[i + 1] == '"') { field.Append('"'); i++; }
            else if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted) { fields.Add(field.ToString().Trim()); field.Clear(); }
            else field.Append(c);
        }
        fields.Add(field.ToString().Trim());
        return fields;
    }

    private sealed record Verified(UserInfo? User, DateTime NotAfterLocal)
    {
        public DateTimeOffset NotAfter { get; } = new(NotAfterLocal);
    }
}
