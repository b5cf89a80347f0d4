namespace Hocon;

/// <summary>What a value holds.</summary>
public enum HoconType
{
    Empty = 0,
    Array = 1,
    Object = 2,
    String = 3,
    Boolean = 4,
    Number = 5,
}

/// <summary>Where an include directive says its text is.</summary>
public enum HoconCallbackType
{
    File = 0,
    Url = 1,
    Resource = 2,
}

/// <summary>Gives the text of an include, or null when there is none.</summary>
public delegate Task<string> HoconIncludeCallbackAsync(HoconCallbackType callbackType, string value);

/// <summary>A part of a parsed document.</summary>
public interface IHoconElement
{
    HoconType Type { get; }
}
