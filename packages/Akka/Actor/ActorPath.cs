using System.Globalization;
using System.Text;
using Akka.Util;

namespace Akka.Actor;

/// <summary>The place of an actor in the tree of its system. Equality ignores the uid.</summary>
public abstract class ActorPath : IEquatable<ActorPath>, IComparable<ActorPath>, ISurrogated
{
    /// <summary>Uid of a path that names no incarnation.</summary>
    public const long UndefinedUid = 0;

    private const string Symbols = "-_.*$+:@&=,!~';";
    private int _hash;

    public abstract string Name { get; }
    public abstract Address Address { get; }
    public abstract long Uid { get; }
    public abstract ActorPath Parent { get; }
    public abstract ActorPath Root { get; }
    public abstract int Depth { get; }

    /// <summary>Names from the root down, without the root.</summary>
    public abstract IReadOnlyList<string> Elements { get; }

    internal IReadOnlyList<string> ElementsWithUid =>
        this is ChildActorPath && Uid != UndefinedUid
            ? [.. Elements.Take(Elements.Count - 1), AppendUid(Elements[^1])]
            : Elements;

    public abstract ActorPath WithUid(long uid);

    public ActorPath Child(string childName)
    {
        var at = childName.IndexOf('#');
        return at < 0 ? new ChildActorPath(this, childName, UndefinedUid)
            : new ChildActorPath(this, childName[..at], long.Parse(childName.AsSpan(at + 1), CultureInfo.InvariantCulture));
    }

    public static ActorPath operator /(ActorPath path, string name) => path.Child(name);

    public static ActorPath operator /(ActorPath path, IEnumerable<string> name) =>
        name.Where(n => !string.IsNullOrEmpty(n)).Aggregate(path, (p, n) => p.Child(n));

    /// <summary>Whether a name may be given to an actor.</summary>
    public static bool IsValidPathElement(string s)
    {
        if (string.IsNullOrEmpty(s) || s[0] == '$') return false;
        for (var i = 0; i < s.Length; i++)
        {
            if (s[i] == '%' && i + 2 < s.Length && char.IsAsciiHexDigit(s[i + 1]) && char.IsAsciiHexDigit(s[i + 2])) i += 2;
            else if (!char.IsAsciiLetterOrDigit(s[i]) && !Symbols.Contains(s[i])) return false;
        }

        return true;
    }

    public static ActorPath Parse(string path) =>
        TryParse(path, out var result) ? result : throw new UriFormatException($"Not an actor path: [{path}]");

    public static bool TryParse(string path, out ActorPath actorPath)
    {
        actorPath = null;
        if (!Address.TryParse(path, out var address, out var rest)) return false;
        var uid = UndefinedUid;
        var hash = rest.IndexOf('#');
        if (hash >= 0)
        {
            if (!long.TryParse(rest.AsSpan(hash + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out uid)) return false;
            rest = rest[..hash];
        }

        ActorPath result = new RootActorPath(address);
        foreach (var name in rest.Split('/', StringSplitOptions.RemoveEmptyEntries)) result = new ChildActorPath(result, name, UndefinedUid);
        actorPath = uid == UndefinedUid || result is RootActorPath ? result : result.WithUid(uid);
        return true;
    }

    public static bool TryParseAddress(string path, out Address address) => Address.TryParse(path, out address, out _);

    public string ToStringWithoutAddress() => Elements.Count == 0 ? "/" : "/" + string.Join('/', Elements);
    public string ToStringWithAddress() => ToStringWithAddress(Address);
    public string ToStringWithAddress(Address address) => Address.HasLocalScope ? address + ToStringWithoutAddress() : Address + ToStringWithoutAddress();
    public string ToStringWithUid() => AppendUid(ToStringWithAddress());

    /// <summary>The text that names this incarnation on this node.</summary>
    public string ToSerializationFormat() => AppendUid(ToStringWithAddress());

    /// <summary>The text that names this incarnation for other nodes: a local path gets <paramref name="address"/>.</summary>
    public string ToSerializationFormatWithAddress(Address address) =>
        AppendUid(address is null ? ToStringWithAddress() : ToStringWithAddress(address));

    private string AppendUid(string text) =>
        Uid == UndefinedUid ? text : string.Concat(text, "#", Uid.ToString(CultureInfo.InvariantCulture));

    public bool Equals(ActorPath other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is null || Depth != other.Depth || GetHashCode() != other.GetHashCode()) return false;
        ActorPath a = this, b = other;
        while (a is ChildActorPath && b is ChildActorPath)
        {
            if (ReferenceEquals(a, b)) return true;
            if (a.Name != b.Name) return false;
            (a, b) = (a.Parent, b.Parent);
        }

        return a is RootActorPath && b is RootActorPath && a.Address.Equals(b.Address) && a.Name == b.Name;
    }

    public override bool Equals(object obj) => Equals(obj as ActorPath);

    public override int GetHashCode()
    {
        if (_hash != 0) return _hash;
        var hash = this is ChildActorPath ? HashCode.Combine(Parent.GetHashCode(), Name) : HashCode.Combine(Address, Name);
        return _hash = hash == 0 ? 1 : hash;
    }

    public int CompareTo(ActorPath other) => other is null ? 1 : string.CompareOrdinal(ToStringWithAddress(), other.ToStringWithAddress());
    public static bool operator ==(ActorPath left, ActorPath right) => Equals(left, right);
    public static bool operator !=(ActorPath left, ActorPath right) => !Equals(left, right);
    public override string ToString() => ToStringWithAddress();

    public ISurrogate ToSurrogate(ActorSystem system) => new Surrogate { Text = ToSerializationFormat() };

    /// <summary>The text of a path.</summary>
    public sealed class Surrogate : ISurrogate
    {
        public string Text { get; set; }

        public ISurrogated FromSurrogate(ActorSystem system) => Parse(Text);
    }
}

/// <summary>The root of the tree of a system.</summary>
public sealed class RootActorPath(Address address, string name = "") : ActorPath
{
    public override string Name => name;
    public override Address Address => address;
    public override long Uid => UndefinedUid;
    public override ActorPath Parent => this;
    public override ActorPath Root => this;
    public override int Depth => 0;
    public override IReadOnlyList<string> Elements => [];

    public override ActorPath WithUid(long uid) =>
        uid == UndefinedUid ? this : throw new NotSupportedException("A root path has no uid");
}

/// <summary>A path below another one.</summary>
public sealed class ChildActorPath(ActorPath parentPath, string name, long uid) : ActorPath
{
    private string[] _elements;

    public override string Name => name;
    public override Address Address => parentPath.Address;
    public override long Uid => uid;
    public override ActorPath Parent => parentPath;
    public override ActorPath Root => parentPath.Root;
    public override int Depth { get; } = parentPath.Depth + 1;

    public override IReadOnlyList<string> Elements
    {
        get
        {
            if (_elements is not null) return _elements;
            var elements = new string[Depth];
            ActorPath at = this;
            for (var i = Depth - 1; i >= 0; i--, at = at.Parent) elements[i] = at.Name;
            return _elements = elements;
        }
    }

    public override ActorPath WithUid(long newUid) => newUid == uid ? this : new ChildActorPath(parentPath, name, newUid);
}
