namespace Akka.Util;

/// <summary>A version such as 1.2.3-rc1+abc: numbers compare as numbers, a pre-release comes before its release.</summary>
public class AppVersion : IComparable<AppVersion>, IEquatable<AppVersion>
{
    public static readonly AppVersion Zero = new("0.0.0");
    public static readonly AppVersion AssemblyVersion =
        new(System.Reflection.Assembly.GetEntryAssembly()?.GetName().Version?.ToString(3) ?? "0.0.0");

    private readonly long[] _numbers;
    private readonly string _rest;

    private AppVersion(string version)
    {
        Version = version;
        var cut = version.IndexOfAny(['-', '+']);
        var core = cut < 0 ? version : version[..cut];
        _rest = cut < 0 ? "" : version[cut..];
        var parts = core.Split('.');
        if (parts.Length <= 3 && Array.TrueForAll(parts, p => long.TryParse(p, out _)))
            _numbers = [.. parts.Select(long.Parse), .. Enumerable.Repeat(0L, 3 - parts.Length)];
        else
            (_numbers, _rest) = ([], version);
    }

    public string Version { get; }

    public static AppVersion Create(string version) => version switch
    {
        null => throw new ArgumentNullException(nameof(version)),
        "" or "0.0.0" => Zero,
        "assembly-version" => AssemblyVersion,
        _ => new AppVersion(version),
    };

    public int CompareTo(AppVersion other)
    {
        if (other is null) return 1;
        if (_numbers.Length == 0 || other._numbers.Length == 0) return string.CompareOrdinal(Version, other.Version);
        for (var i = 0; i < 3; i++)
            if (_numbers[i] != other._numbers[i])
                return _numbers[i].CompareTo(other._numbers[i]);
        if (_rest.Length == 0 || other._rest.Length == 0) return other._rest.Length.CompareTo(_rest.Length);
        return string.CompareOrdinal(_rest, other._rest);
    }

    public bool Equals(AppVersion other) => other is not null && CompareTo(other) == 0;
    public override bool Equals(object obj) => Equals(obj as AppVersion);
    public override int GetHashCode() => string.GetHashCode(Version, StringComparison.Ordinal);
    public override string ToString() => Version;
}
