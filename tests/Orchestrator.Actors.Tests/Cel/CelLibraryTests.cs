using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Tests.Cel;

public sealed class CelLibraryTests
{
    public static TheoryData<string> Truths => [.. CelEvaluationTests.Lines("""
        'tacocat'.charAt(3) == 'o' && 'abc'.charAt(3) == ''
        'hello mellow'.indexOf('') == 0 && 'hello mellow'.indexOf('ello') == 1 && 'hello mellow'.indexOf('jello') == -1
        'hello mellow'.indexOf('', 2) == 2 && 'hello mellow'.indexOf('ello', 2) == 7
        'héllo'.indexOf('l') == 2 && 'héllo'.charAt(1) == 'é'
        'hello mellow'.lastIndexOf('') == 12 && 'hello mellow'.lastIndexOf('ello') == 7
        'hello mellow'.lastIndexOf('ello', 6) == 1 && 'hello mellow'.lastIndexOf('jello') == -1
        ['hello', 'mellow'].join() == 'hellomellow' && ['hello', 'mellow'].join(' ') == 'hello mellow' && [].join('/') == ''
        'TacoCat'.lowerAscii() == 'tacocat' && 'TacoCÆt'.upperAscii() == 'TACOCÆT'
        'hello hello'.replace('he', 'we') == 'wello wello' && 'hello hello'.replace('he', 'we', 1) == 'wello hello'
        'hello hello'.replace('he', 'we', 0) == 'hello hello' && 'abc'.replace('', '_') == '_a_b_c_'
        'hello hello hello'.split(' ') == ['hello', 'hello', 'hello'] && 'a b c'.split(' ', 2) == ['a', 'b c']
        'a b'.split(' ', 0) == [] && 'a b'.split(' ', 1) == ['a b'] && 'abc'.split('') == ['a', 'b', 'c'] && ''.split(',') == ['']
        'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(0, 4) == 'taco' && 'abc'.substring(3) == ''
        '  \ttrim\n    '.trim() == 'trim'
        strings.quote('a"b\n') == '"a\\"b\\n"'
        'n=%d s=%s f=%.2f'.format([dyn(42), 'x', 1.005]) == 'n=42 s=x f=1.00'
        '%s'.format([[dyn(1), 'a', true, 1.5, null]]) == '[1, "a", true, 1.500000, null]' && '%s'.format([{'b': b'x', 'a': dyn([1])}]) == '{"a":[1], "b":b"x"}' && '%s'.format([null]) == 'null'
        '%s'.format([[dyn(duration('1s')), timestamp('2024-01-01T00:00:00Z')]]) == '[duration("1s"), timestamp("2024-01-01T00:00:00Z")]' && '%s'.format([{1: 2}]) == '{1:2}'
        '%.2f'.format([1234567.891]) == '1,234,567.89' && '%f'.format(['NaN']) == 'NaN' && '%f'.format(['Infinity']) == '∞' && '%f'.format(['-Infinity']) == '-∞'
        '%x %X %o %b %%'.format([255, 255, 8, 5]) == 'ff FF 10 101 %'
        '%e'.format([1234.5]) == '1.234500\u202f×\u202f10⁰³' && '%.3e'.format([0.00012]) == '1.200000\u202f×\u202f10⁻⁰⁴' && '%x'.format(['hi']) == '6869' && '%f'.format([1.5]) == '1.500000'
        '%f'.format([-0.0]) == '0.000000' && '%s'.format([[-0.0]]) == '[-0.000000]' && '%.0f'.format([-0.1]) == '-0' && '%.0f %.0f %.1f'.format([2.5, 3.5, 0.25]) == '2 4 0.2'
        '%e'.format(['Infinity']) == '     ∞' && '%e'.format([-1.0 / 0.0]) == '    -∞' && '%.2e'.format(['NaN']) == 'NaN' && '%.20e'.format([1.0]) == '     1.000000\u202f×\u202f10⁰⁰' && '%e'.format([-0.0]) == '0.000000\u202f×\u202f10⁰⁰'
        'a%%b%%'.format([]) == 'a%b%' && '%%%s%%'.format([1]) == '%1%'
        '%s %s'.format([dyn(duration('1h')), timestamp('2024-01-01T00:00:00Z')]) == '3600s 2024-01-01T00:00:00Z'
        [1, 2, 3].isSorted() && ![2, 1].isSorted() && ['a', 'b'].isSorted() && [].isSorted()
        [1, 2, 3].sum() == 6 && [1.5, 1.5].sum() == 3.0 && [1u, 2u].sum() == 3u && [duration('1m'), duration('1s')].sum() == duration('61s')
        [3, 1, 2].min() == 1 && [3, 1, 2].max() == 3 && ['b', 'a'].min() == 'a'
        [1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2 && [1].indexOf(9) == -1
        sets.contains([1, 2], [2]) && !sets.contains([1], [2]) && sets.contains([1], [])
        sets.equivalent([1, 2, 2], [2, 1]) && !sets.equivalent([1], [1, 2])
        sets.intersects([1, 2], [2, 3]) && !sets.intersects([1], [2])
        'abc 123'.find('[0-9]+') == '123' && 'abc'.find('[0-9]+') == ''
        '1 2 3'.findAll('[0-9]') == ['1', '2', '3'] && '1 2 3'.findAll('[0-9]', 2) == ['1', '2'] && 'x'.findAll('[0-9]') == []
        url('https://example.com:80/path?k=v&k=w').getHost() == 'example.com:80'
        url('https://example.com:80/').getHostname() == 'example.com' && url('https://[::1]:80/').getHostname() == '::1' && url('https://[::1]:80/').getPort() == '80'
        url('https://example.com/a b/').getEscapedPath() == '/a%20b/' && url('/path').getEscapedPath() == '/path' && url('/path').getScheme() == ''
        url('https://e.com/?k=v&k=w&z').getQuery() == {'k': ['v', 'w'], 'z': ['']}
        isURL('https://a') && isURL('/abs') && !isURL('../rel') && !isURL('') && !isURL('https://a:bc')
        isQuantity('100m') && !isQuantity('10e') && !isQuantity('x')
        quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('500m').isLessThan(quantity('1')) && quantity('1k') == quantity('1000')
        quantity('50k').asInteger() == 50000 && !quantity('1500m').isInteger() && quantity('1500m').asApproximateFloat() == 1.5
        quantity('1').add(quantity('2')) == quantity('3') && quantity('1').sub(2).sign() == -1 && quantity('5').compareTo(quantity('5')) == 0
        quantity('10Ki').asApproximateFloat() == 10240.0
        isIP('1.2.3.4') && isIP('::1') && !isIP('1.2.3') && !isIP('01.2.3.4') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0')
        ip('127.0.0.1').isLoopback() && ip('0.0.0.0').isUnspecified() && ip('169.254.1.1').isLinkLocalUnicast() && ip('224.0.0.1').isLinkLocalMulticast()
        ip('8.8.8.8').isGlobalUnicast() && ip('1.2.3.4').family() == 4 && ip('2001:db8::1').family() == 6
        ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::abcd') && string(ip('1.2.3.4')) == '1.2.3.4' && type(ip('1.2.3.4')) == net.IP
        ip('2001:db8::1') == ip('2001:DB8:0::1')
        string(ip('::1.2.3.4')) == '::102:304' && ip.isCanonical('::102:304') && string(ip('1:0:0:2::')) == '1:0:0:2::' && string(cidr('::/0')) == '::/0'
        string(ip('1:0:2:3:4:5:6:7')) == '1:0:2:3:4:5:6:7' && string(ip('1:2:3:4:5:6:0:0')) == '1:2:3:4:5:6::'
        isCIDR('10.0.0.0/8') && isCIDR('::1/128') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0')
        cidr('192.168.0.0/24').containsIP('192.168.0.1') && !cidr('192.168.0.0/24').containsIP(ip('192.168.1.1'))
        cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24') && !cidr('192.168.0.0/24').containsCIDR(cidr('192.168.0.0/16'))
        cidr('192.168.1.5/24').ip() == ip('192.168.1.5') && cidr('192.168.1.5/24').masked() == cidr('192.168.1.0/24') && cidr('10.0.0.0/8').prefixLength() == 8
        string(cidr('10.0.0.0/8')) == '10.0.0.0/8' && cidr('::/0').containsIP('::1')
        !format.dns1123Label().validate('good-name').hasValue() && format.dns1123Label().validate('Bad_Name').hasValue()
        format.named('dns1123Subdomain').value().validate('a.b') == optional.none() && !format.named('unknown').hasValue()
        !format.dns1123LabelPrefix().validate('abc-').hasValue() && format.qualifiedName().validate('a/b/c').hasValue()
        !format.uuid().validate('123e4567-e89b-12d3-a456-426614174000').hasValue() && format.date().validate('2024-13-01').hasValue()
        """)];

    [Theory]
    [MemberData(nameof(Truths))]
    public void Function_OfKubernetes_IsTrue(string expression) => Assert.Equal("true", CelText.Show(CelFixture.Evaluate(expression)));

    [Theory]
    [InlineData("'abc'.charAt(4)", "index out of range: 4")]
    [InlineData("'abc'.substring(2, 1)", "invalid substring range. start: 2, end: 1")]
    [InlineData("'%s'.format(dyn([]))", "index 0 out of range")]
    [InlineData("'%d'.format([dyn('a')])", "error during formatting: decimal clause can only be used on integers, was given string")]
    [InlineData("(s + '%').format([])", "index 0 out of range")]
    [InlineData("(s + '%').format([1])", "unexpected end of string")]
    [InlineData("(s + '%y').format([1])", "could not parse formatting clause: unrecognized formatting clause \"y\"")]
    [InlineData("(s + '%é').format([1])", "could not parse formatting clause: unrecognized formatting clause \"Ã\"")]
    [InlineData("(s + '%.2').format([1])", "could not parse formatting clause: error while parsing precision: could not find end of precision specifier")]
    [InlineData("(s + '%.f').format([1])", "could not parse formatting clause: error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing \"\": invalid syntax")]
    [InlineData("(s + '%.99999999999f').format([1])", "could not parse formatting clause: error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing \"99999999999\": value out of range")]
    [InlineData("quantity('x')", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    [InlineData("quantity('1500m').asInteger()", "cannot convert value to integer")]
    [InlineData("quantity('9999999999999999999999999999999999999G').asInteger()", "cannot convert value to integer")]
    [InlineData("dyn([]).max()", "max called on empty list")]
    [InlineData("s.find(s + '[')", "Illegal regex: error parsing regexp: missing closing ]: `[`")]
    [InlineData("s.matches(s + '[')", "error parsing regexp: missing closing ]: `[`")]
    [InlineData("'%f'.format([dyn(1)])", "error during formatting: fixed-point clause can only be used on doubles, was given int")]
    [InlineData("'%s'.format([dyn([quantity('1')])])", "error during formatting: no formatting function for kubernetes.Quantity")]
    [InlineData("ip('1.2.3.4.5')", "IP Address \"1.2.3.4.5\" parse error during conversion from string: ParseAddr(\"1.2.3.4.5\"): IPv4 address too long")]
    [InlineData("ip('1.2.3')", "IP Address \"1.2.3\" parse error during conversion from string: ParseAddr(\"1.2.3\"): IPv4 address too short")]
    [InlineData("ip('1.2.3.256')", "IP Address \"1.2.3.256\" parse error during conversion from string: ParseAddr(\"1.2.3.256\"): IPv4 field has value >255")]
    [InlineData("ip('01.2.3.4')", "IP Address \"01.2.3.4\" parse error during conversion from string: ParseAddr(\"01.2.3.4\"): IPv4 field has octet with leading zero")]
    [InlineData("ip('1..2.3')", "IP Address \"1..2.3\" parse error during conversion from string: ParseAddr(\"1..2.3\"): IPv4 field must have at least one digit (at \".2.3\")")]
    [InlineData("ip('1.2.x.4')", "IP Address \"1.2.x.4\" parse error during conversion from string: ParseAddr(\"1.2.x.4\"): unexpected character (at \"x.4\")")]
    [InlineData("ip('2001:db8:::1')", "IP Address \"2001:db8:::1\" parse error during conversion from string: ParseAddr(\"2001:db8:::1\"): each colon-separated field must have at least one digit (at \":1\")")]
    [InlineData("ip('1:2:3')", "IP Address \"1:2:3\" parse error during conversion from string: ParseAddr(\"1:2:3\"): address string too short")]
    [InlineData("ip('::1::2')", "IP Address \"::1::2\" parse error during conversion from string: ParseAddr(\"::1::2\"): multiple :: in address (at \":2\")")]
    [InlineData("ip('1:2:3:4:5:6:7:8:9')", "IP Address \"1:2:3:4:5:6:7:8:9\" parse error during conversion from string: ParseAddr(\"1:2:3:4:5:6:7:8:9\"): trailing garbage after address (at \"9\")")]
    [InlineData("ip('12345::')", "IP Address \"12345::\" parse error during conversion from string: ParseAddr(\"12345::\"): each group must have 4 or fewer digits (at \"12345::\")")]
    [InlineData("ip('fe80::1%eth0')", "IP address \"fe80::1%eth0\" with zone value is not allowed")]
    [InlineData("cidr('1.2.3.4')", "network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(\"1.2.3.4\"): no '/'")]
    [InlineData("cidr('1.2.3.4/08')", "network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(\"1.2.3.4/08\"): bad bits after slash: \"08\"")]
    [InlineData("cidr('1.2.3.4/')", "network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(\"1.2.3.4/\"): bad bits after slash: \"\"")]
    [InlineData("cidr('1.2.3.4/33')", "network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(\"1.2.3.4/33\"): prefix length out of range")]
    [InlineData("cidr('x/8')", "network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(\"x/8\"): ParseAddr(\"x\"): unable to parse IP")]
    [InlineData("cidr('::ffff:1.2.3.4/100')", "network address parse error during conversion from string: IPv4-mapped IPv6 address \"::ffff:1.2.3.4/100\" is not allowed")]
    [InlineData("ip('x')", "IP Address \"x\" parse error during conversion from string: ParseAddr(\"x\"): unable to parse IP")]
    public void Function_OfWrongArgument_IsAnError(string expression, string message) =>
        Assert.Equal(message, Assert.IsType<CelError>(CelFixture.Evaluate(expression)).Message);
}
