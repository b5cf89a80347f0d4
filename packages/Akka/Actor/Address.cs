using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Akka.Util;

namespace Akka.Actor;

/// <summary>Where an actor system is: protocol, system name and, when it can be reached from outside, host and port.</summary>
public sealed class Address : IEquatable<Address>, IComparable<Address>, IComparable, ISurrogated, ICloneable
{
    public static readonly Address AllSystems = new("akka", "all-systems");
    private string _text;

    public Address(string protocol, string system, string host = null, int? port = null)
    {
        (Protocol, System, Host, Port) = (protocol, system, host?.ToLowerInvariant(), port);
    }

    public static IComparer<Address> Comparer { get; } = Comparer<Address>.Create((a, b) => a.CompareTo(b));

    public string Protocol { get; }
    public string System { get; }
    public string Host { get; }
    public int? Port { get; }
    public bool HasLocalScope => string.IsNullOrEmpty(Host);
    public bool HasGlobalScope => !HasLocalScope;

    public Address WithHost(string host = null) => new(Protocol, System, host, Port);
    public Address WithPort(int? port = null) => new(Protocol, System, Host, port);
    public Address WithSystem(string system) => new(Protocol, system, Host, Port);
    public Address WithProtocol(string protocol) => new(protocol, System, Host, Port);

    /// <summary>Reads protocol://system@host:port; anything else is a <see cref="UriFormatException"/>.</summary>
    public static Address Parse(string address) =>
        TryParse(address, out var result) ? result : throw new UriFormatException($"Not an address: [{address}]");

    public static bool TryParse(string address, [NotNullWhen(true)] out Address result) => TryParse(address, out result, out _);

    internal static bool TryParse(string text, out Address result, out string rest)
    {
        (result, rest) = (null, "");
        if (text is null) return false;
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0) return false;
        var authority = text[(scheme + 3)..];
        var slash = authority.IndexOf('/');
        if (slash >= 0) (authority, rest) = (authority[..slash], authority[slash..]);
        var at = authority.IndexOf('@');
        var system = at < 0 ? authority : authority[..at];
        if (system.Length == 0 || system.Contains(':')) return false;
        if (at < 0)
        {
            result = new Address(text[..scheme], system);
            return true;
        }

        var place = authority[(at + 1)..];
        var colon = place.LastIndexOf(':');
        if (place.Length == 0 || colon == 0) return false;
        var inBrackets = place[0] == '[' && place.IndexOf(']') > colon;
        if (colon < 0 || inBrackets)
        {
            result = new Address(text[..scheme], system, place.Trim('[', ']'));
            return true;
        }

        if (!int.TryParse(place.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > 65535) return false;
        result = new Address(text[..scheme], system, place[..colon].Trim('[', ']'), port);
        return true;
    }

    public int CompareTo(Address other)
    {
        if (other is null) return 1;
        var order = string.CompareOrdinal(Protocol, other.Protocol);
        if (order == 0) order = string.CompareOrdinal(System, other.System);
        if (order == 0) order = string.CompareOrdinal(Host ?? "", other.Host ?? "");
        return order != 0 ? order : (Port ?? 0).CompareTo(other.Port ?? 0);
    }

    int IComparable.CompareTo(object obj) => CompareTo(obj as Address);

    public bool Equals(Address other) =>
        ReferenceEquals(this, other)
        || (other is not null && Port == other.Port && Host == other.Host && System == other.System && Protocol == other.Protocol);

    public override bool Equals(object obj) => Equals(obj as Address);
    public override int GetHashCode() => HashCode.Combine(Host, Port, System, Protocol);
    public static bool operator ==(Address left, Address right) => Equals(left, right);
    public static bool operator !=(Address left, Address right) => !Equals(left, right);
    public object Clone() => new Address(Protocol, System, Host, Port);

    public override string ToString() => _text ??= Host is null
        ? $"{Protocol}://{System}"
        : $"{Protocol}://{System}@{(Host.Contains(':') ? "[" + Host + "]" : Host)}{(Port is { } p ? ":" + p.ToString(CultureInfo.InvariantCulture) : "")}";

    public ISurrogate ToSurrogate(ActorSystem system) => new AddressSurrogate { Text = ToString() };

    /// <summary>The text of an address.</summary>
    public sealed class AddressSurrogate : ISurrogate
    {
        public string Text { get; set; }

        public ISurrogated FromSurrogate(ActorSystem system) => Parse(Text);
    }
}
