using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Tests.Cel;

public sealed class CelEvaluationTests
{
    public static TheoryData<string> Truths => [.. Lines("""
        1 + 2 * 3 == 7
        (1 + 2) * 3 == 9
        -7 / 2 == -3
        -7 % 3 == -1
        7 % -3 == 1
        - -1 == 1
        --1 == 1
        !!true
        !false
        0x1F == 31
        -0x10 == -16
        5u + 3u == 8u
        1e3 == 1000.0
        .5 == 0.5
        1.5 + 1.5 == 3.0
        -9223372036854775808 < 0
        18446744073709551615u > 0u
        1 < 2u
        1u < 1.5
        2 >= 1.9
        -1 < 0u
        9007199254740993 > 9007199254740992.0
        dyn(1) == dyn(1.0)
        dyn(1) == dyn(1u)
        dyn(1) != dyn('1')
        dyn(1) in [dyn(1.0), dyn(2.0)]
        double('nan') != double('nan')
        'a' < 'b' && 'a' + 'b' == 'ab'
        'é'.size() == 1 && size('日本語') == 3 && size(b'é') == 2
        "it's" == 'it\'s'
        '\u00e9' == 'é' && '\x41\101' == 'AA' && '\U0001F600'.size() == 1
        r'\d' == '\\d'
        '''a
        b'''.contains('a')
        """ + "\n" + """
        b'abc' == bytes('abc') && b'\xff'.size() == 1
        b'a' < b'b'
        true && !false || false
        false || true && true
        true || 1/0 == 1
        1/0 == 1 || true
        !(false && 1/0 == 1)
        1/0 == 1 && false == false || true
        true ? true : 1/0 == 1
        [1, 2, 3][1] == 2
        [1, 2] + [3] == [1, 2, 3]
        [[1], [2]] == [[1], [2]]
        [1, 2] != [2, 1]
        2 in [1, 2] && !(3 in [1, 2])
        'a' in {'a': 1} && !('b' in {'a': 1})
        {'a': 1, 'b': 2} == {'b': 2, 'a': 1}
        {'a': 1}.a == 1 && {'a': 1}['a'] == 1
        {1: 'x'}[1] == 'x'
        {dyn(1): 'x'}[1u] == 'x'
        size([1, 2]) == 2 && {'a': 1}.size() == 1
        has({'a': 1}.a) && !has({'a': 1}.b)
        x.a.b[2] == 3
        x['a']['b'].size() == 3
        x.n == null
        has(x.n) && !has(x.zz)
        x.f == 1.5
        x.t.startsWith('te')
        i == 7
        s.size() == 5
        labels.app == 'web' && 'app' in labels
        [1, 2, 3].all(v, v > 0)
        [].all(v, v > 0)
        ![1, 2, 3].all(v, v > 1)
        [1, 0].exists(v, 1 / v == 1)
        [0, 1].exists(v, 1 / v == 1)
        ![1, 2].exists(v, v > 5)
        [1, 2, 2].exists_one(v, v == 1)
        ![1, 2, 2].exists_one(v, v == 2)
        [1, 2, 3].map(v, v * 2) == [2, 4, 6]
        [1, 2, 3].map(v, v > 1, v * 2) == [4, 6]
        [1, 2, 3].filter(v, v != 2) == [1, 3]
        {'a': 1, 'b': 2}.all(k, k < 'c')
        {'a': 1, 'b': 2}.filter(k, k == 'a') == ['a']
        {'a': 1}.map(k, k + k) == ['aa']
        [[1, 2], [3]].all(l, l.all(v, v > 0))
        [1, 2].map(v, [v].map(v, v + 1)) == [[2], [3]]
        x.a.b.map(v, v + 1) == [2, 3, 4]
        [1, 2].all(j, v, v == j + 1)
        {'a': 1}.all(k, v, k == 'a' && v == 1)
        {'a': 1}.exists(k, v, v == 1)
        [5, 6].existsOne(j, v, v == 6)
        [1, 2].transformList(j, v, j + v) == [1, 3]
        [1, 2].transformList(j, v, j > 0, v) == [2]
        {'a': 1}.transformMap(k, v, v + 1) == {'a': 2}
        {'a': 1, 'b': 2}.transformMap(k, v, v > 1, v) == {'b': 2}
        ['x', 'y'].transformMapEntry(j, v, {v: j}) == {'x': 0, 'y': 1}
        cel.bind(v, 3, v * v) == 9
        cel.bind(v, [1], v + v) == [1, 1]
        optional.of(1).hasValue() && optional.of(1).value() == 1
        !optional.none().hasValue()
        optional.none().orValue(5) == 5
        optional.of(1).orValue(1 / 0) == 1
        optional.none().or(optional.of(2)).value() == 2
        optional.ofNonZeroValue('') == optional.none()
        {'a': {'b': 1}}.?a.?b == optional.of(1)
        {'a': {'b': 1}}.?a.b.value() == 1
        {'a': {'b': 1}}.?c.?b == optional.none()
        [1][?0] == optional.of(1) && [1][?3] == optional.none()
        {'a': 1}[?'b'].orValue(9) == 9
        x.?zz.orValue('none') == 'none'
        [?optional.of(1), ?optional.none(), 3] == [1, 3]
        {?'a': optional.of(1), ?'b': optional.none()} == {'a': 1}
        optional.of(2).optMap(v, v * 2) == optional.of(4)
        optional.none().optMap(v, v) == optional.none()
        optional.of(2).optFlatMap(v, optional.of(v + 1)).value() == 3
        has({'a': {'b': 1}}.?a.b)
        type(1) == int && type('') == string && type([]) == list && type({}) == map
        type(type(1)) == type && type(null) == null_type && type(1u) != int
        type(optional.none()) == optional_type
        int('42') == 42 && int(3.9) == 3 && int(-3.9) == -3 && int(5u) == 5
        uint(5) == 5u && uint('7') == 7u && double(2) == 2.0 && double('1.5') == 1.5
        string(1) == '1' && string(1.5) == '1.5' && string(true) == 'true' && string(b'abc') == 'abc'
        string(1e21) == '1e+21' && string(1.0) == '1' && string(0.00001) == '1e-05'
        bool('true') && !bool('F')
        dyn('a') == 'a'
        'abc'.contains('bc') && 'abc'.endsWith('c') && 'abc'.matches('^a.c$') && matches('abc', 'b')
        'a\nb'.matches('a\\sb') && !'abc'.matches('^b$') && 'foo'.matches('[[:alpha:]]+')
        timestamp('2024-02-29T12:30:45.123456789Z').getFullYear() == 2024
        timestamp('2024-02-29T12:30:45Z').getMonth() == 1
        timestamp('2024-02-29T12:30:45Z').getDate() == 29 && timestamp('2024-02-29T12:30:45Z').getDayOfMonth() == 28
        timestamp('2024-02-29T12:30:45Z').getDayOfWeek() == 4 && timestamp('2024-02-29T12:30:45Z').getDayOfYear() == 59
        timestamp('2024-02-29T12:30:45Z').getHours() == 12 && timestamp('2024-02-29T12:30:45Z').getHours('+02:00') == 14
        timestamp('2024-02-29T12:30:45Z').getMinutes('-00:40') == 50
        timestamp('2024-02-29T12:30:45.5Z').getMilliseconds() == 500
        timestamp('2024-01-01T00:00:00Z') + duration('1h') == timestamp('2024-01-01T01:00:00Z')
        timestamp('2024-01-02T00:00:00Z') - timestamp('2024-01-01T00:00:00Z') == duration('24h')
        timestamp('2024-01-01T01:00:00+01:00') == timestamp('2024-01-01T00:00:00Z')
        timestamp(0) == timestamp('1970-01-01T00:00:00Z') && int(timestamp('1970-01-01T00:01:00Z')) == 60
        timestamp('2024-01-01T00:00:00Z') < timestamp('2024-01-01T00:00:00.000000001Z')
        string(timestamp('2024-01-01T00:00:00.5Z')) == '2024-01-01T00:00:00.5Z'
        duration('1h30m').getMinutes() == 90 && duration('1.5s').getMilliseconds() == 1500 && duration('-1h').getHours() == -1
        string(duration('1m1ms')) == '60.001s' && duration('1us') == duration('1000ns') && duration('1h') > duration('59m')
        duration('1h') - duration('30m') == duration('30m') && -duration('1s') == duration('-1s')
        """)];

    public static TheoryData<string, string> Errors => new()
    {
        { "1 / 0", "division by zero" },
        { "1 % 0", "modulus by zero" },
        { "9223372036854775807 + 1", "integer overflow" },
        { "-9223372036854775808 - 1", "integer overflow" },
        { "9223372036854775807 * 2", "integer overflow" },
        { "-(-9223372036854775808)", "integer overflow" },
        { "-9223372036854775808 / -1", "integer overflow" },
        { "1u - 2u", "unsigned integer overflow" },
        { "18446744073709551615u * 2u", "unsigned integer overflow" },
        { "[1][5]", "index out of bounds: 5" },
        { "[1][-1]", "index out of bounds: -1" },
        { "{'a': 1}['b']", "no such key: b" },
        { "x.zz", "no such key: zz" },
        { "x.t.zz", "no such overload" },
        { "x.t + 1", "no such overload" },
        { "x.a.startsWith('a')", "no such overload: startsWith" },
        { "x.a && true", "no such overload" },
        { "x.a ? 1 : 2", "no such overload" },
        { "{'a': 1, 'a': 2}", "Failed with repeated key a" },
        { "int('x')", "strconv.ParseInt: parsing \"x\": invalid syntax" },
        { "int('99999999999999999999')", "strconv.ParseInt: parsing \"99999999999999999999\": value out of range" },
        { "int(1e30)", "integer overflow" },
        { "uint(-1)", "unsigned integer overflow" },
        { "string(b'\\xff')", "invalid UTF-8 in bytes, cannot convert to string" },
        { "optional.none().value()", "optional.none() dereference" },
        { "duration('x' + '')", "time: invalid duration \"x\"" },
        { "timestamp('9999-12-31T23:59:59Z') + duration('1s')", "timestamp overflow" },
        { "[1, 2].all(v, v / 0 == 1)", "division by zero" },
        { "[1].map(v, v / 0)", "division by zero" },
        { "'a'.matches('(')", null! },
        { "[1].map(v, x.t.map(w, w))", "no such overload" },
    };

    [Theory]
    [MemberData(nameof(Truths))]
    public void Expression_OfTheLanguage_IsTrue(string expression) => Assert.Equal("true", CelText.Show(CelFixture.Evaluate(expression)));

    [Theory]
    [MemberData(nameof(Errors))]
    public void Expression_ThatFails_IsAnError(string expression, string? message)
    {
        var error = Assert.IsType<CelError>(CelFixture.Evaluate(expression));
        if (message is not null) Assert.Equal(message, error.Message);
    }

    internal static IEnumerable<string> Lines(string text)
    {
        // Lines that open a triple-quoted literal go on with the next.
        string? open = null;
        foreach (var line in text.Split('\n'))
        {
            if (line.Length == 0) continue;
            var whole = open is null ? line : open + "\n" + line;
            var quotes = whole.Split("'''").Length - 1;
            open = quotes % 2 == 1 ? whole : null;
            if (open is null) yield return whole;
        }
    }
}
