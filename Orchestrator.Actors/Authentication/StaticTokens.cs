using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Actors.Authentication;

/// <summary>The tokens of <c>--token-auth-file</c>.</summary>
public sealed class StaticTokens : ITokenAuthenticator
{
    private readonly Dictionary<string, UserInfo> _tokens;

    /// <param name="tokens">From <see cref="Read"/>.</param>
    // Looked up by digest, so that the time of a look-up tells nothing about a token.
    public StaticTokens(IReadOnlyDictionary<string, UserInfo> tokens) => _tokens = tokens.ToDictionary(static t => Digest(t.Key), static t => t.Value, StringComparer.Ordinal);

    public ValueTask<TokenResult> AuthenticateAsync(string token, ImmutableArray<string> audiences, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_tokens.GetValueOrDefault(Digest(token)) is { } user ? TokenResult.Of(user) : TokenResult.Unknown);

    /// <summary>Reads Kubernetes' token file: <c>token,user,uid</c> and optionally <c>"group,group"</c> on each line.</summary>
    /// <exception cref="FormatException">A line is none; the message names its number.</exception>
    public static IReadOnlyDictionary<string, UserInfo> Read(IEnumerable<string> lines)
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
}
