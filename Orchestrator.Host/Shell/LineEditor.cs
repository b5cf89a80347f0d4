using System.Text;

namespace Orchestrator.Host.Shell;

/// <summary>Reads lines from a terminal with history (arrows) and completion (Tab); from a pipe it just reads.</summary>
public sealed class LineEditor(string prompt, string? historyFile, Func<string[], Task<string[]>> complete)
{
    /// <summary>Most lines kept in the history file (count).</summary>
    private const int HistoryMax = 1000;

    private readonly List<string> _history = historyFile is not null && File.Exists(historyFile) ? [.. File.ReadAllLines(historyFile)] : [];
    private readonly StringBuilder _line = new();
    private int _cursor;
    private int _shown;

    /// <summary>The next line, or null at the end of input.</summary>
    public async Task<string?> ReadAsync()
    {
        if (Console.IsInputRedirected) return await Console.In.ReadLineAsync().ConfigureAwait(false);
        _line.Clear();
        _cursor = _shown = 0;
        var recalled = _history.Count;
        Draw();
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            switch (key)
            {
                case { Key: ConsoleKey.Enter }:
                    Console.WriteLine();
                    return Remember(_line.ToString());
                case { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } when _line.Length == 0:
                    Console.WriteLine();
                    return null;
                case { Key: ConsoleKey.UpArrow } when recalled > 0: Replace(_history[--recalled]); break;
                case { Key: ConsoleKey.DownArrow } when recalled < _history.Count:
                    Replace(++recalled == _history.Count ? "" : _history[recalled]);
                    break;
                case { Key: ConsoleKey.Tab }: await CompleteAsync().ConfigureAwait(false); break;
                default: Edit(key); break;
            }
            Draw();
        }
    }

    private void Edit(ConsoleKeyInfo key)
    {
        switch (key)
        {
            case { Key: ConsoleKey.LeftArrow } when _cursor > 0: _cursor--; break;
            case { Key: ConsoleKey.RightArrow } when _cursor < _line.Length: _cursor++; break;
            case { Key: ConsoleKey.Home } or { Key: ConsoleKey.A, Modifiers: ConsoleModifiers.Control }: _cursor = 0; break;
            case { Key: ConsoleKey.End } or { Key: ConsoleKey.E, Modifiers: ConsoleModifiers.Control }: _cursor = _line.Length; break;
            case { Key: ConsoleKey.U, Modifiers: ConsoleModifiers.Control }: _line.Remove(0, _cursor); _cursor = 0; break;
            case { Key: ConsoleKey.Backspace } when _cursor > 0: _line.Remove(--_cursor, 1); break;
            case { Key: ConsoleKey.Delete } when _cursor < _line.Length: _line.Remove(_cursor, 1); break;
            case { KeyChar: >= ' ' and not '\x7f' }: _line.Insert(_cursor++, key.KeyChar); break;
        }
    }

    private async Task CompleteAsync()
    {
        var before = _line.ToString(0, _cursor);
        var words = before.Split(' ');
        var found = await complete(words).ConfigureAwait(false);
        if (found.Length == 0) return;
        var typed = words[^1];
        var common = found.Aggregate((a, b) => a[..a.Zip(b).TakeWhile(p => p.First == p.Second).Count()]);
        if (common.Length > typed.Length || found.Length == 1)
        {
            var rest = common[typed.Length..] + (found.Length == 1 ? " " : "");
            _line.Insert(_cursor, rest);
            _cursor += rest.Length;
            return;
        }
        Console.WriteLine();
        Console.WriteLine(string.Join("  ", found));
        _shown = 0;
    }

    private void Replace(string text)
    {
        _line.Clear().Append(text);
        _cursor = _line.Length;
    }

    private void Draw()
    {
        // The old line may have been longer, so what is left of it is blanked out.
        var blanks = Math.Max(0, _shown - _line.Length);
        Console.Write($"\r{prompt}{_line}{new string(' ', blanks)}{new string('\b', blanks + _line.Length - _cursor)}");
        _shown = _line.Length;
    }

    private string Remember(string line)
    {
        if (line.Length == 0 || _history.Count > 0 && _history[^1] == line) return line;
        _history.Add(line);
        try
        {
            if (historyFile is not null) File.WriteAllLines(historyFile, _history.TakeLast(HistoryMax));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A history that cannot be kept is no reason to refuse the command.
        }
        return line;
    }
}
