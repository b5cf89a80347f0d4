using System.Globalization;
using Orchestrator.Actors.Cel;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Libraries;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Tests.Cel;

/// <summary>What expressions are thought to cost, and what they do cost, in upstream's units.</summary>
/// <remarks>The figures are those of kube-apiserver: a rule that is accepted there is accepted here, and the other way round. A list of
/// constants is made once, as there, so that it is estimated (10) and not paid for.</remarks>
public sealed class CelCostTests
{
    private const string Ints = "[1, 2, 3, 4, 5]";
    private const string Uints = "[uint(1), uint(2), uint(3), uint(4), uint(5)]";
    private const string Doubles = "[1.0, 2.0, 3.0, 4.0, 5.0]";
    private const string Bools = "[false, true, false, true, false]";
    private const string Durations = "[duration('1s'), duration('2s'), duration('3s'), duration('4s'), duration('5s')]";
    private const string Ip4 = "ip('192.168.0.1')";
    private const string Ip6 = "ip('2001:db8:3333:4444:5555:6666:7777:8888')";
    private const string Cidr4 = "cidr('192.168.0.0/16')";
    private const string Cidr6 = "cidr('2001:db8::/32')";
    private const string Resource = "authorizer.group('apps').resource('deployments').subresource('status').namespace('test').name('backend')";
    private const string Selector = "'spec.nodeName=example-node-name.fully.qualified.domain.name.example.com'";

    private static readonly CelEnvironment Environment = CelEnvironment.Kubernetes.With(("authorizer", CelAuthorizer.AuthorizerType));

    [Theory]
    [InlineData(Ints + ".sum()", 15, 15, 5)]
    [InlineData(Uints + ".sum()", 20, 20, 20)]
    [InlineData(Doubles + ".sum()", 15, 15, 5)]
    [InlineData(Durations + ".sum()", 20, 20, 20)]
    [InlineData(Ints + ".isSorted()", 15, 15, 5)]
    [InlineData(Bools + ".max()", 15, 15, 5)]
    [InlineData(Ints + ".indexOf(3)", 15, 15, 5)]
    [InlineData(Uints + ".lastIndexOf(uint(3))", 21, 21, 21)]
    [InlineData("'01234567890123456789012345678901234567890123456789'.indexOf('123')", 5, 5, 5)]
    [InlineData("url('https:://kubernetes.io/').getHost()", 4, 4, 4)]
    [InlineData("url('https:://kubernetes.io/') == url('https:://kubernetes.io/')", 7, 9, 7)]
    [InlineData("url('https:://kubernetes.io/') == url('http://x.b')", 5, 5, 5)]
    [InlineData(Ip4, 2, 2, 2)]
    [InlineData(Ip6, 4, 4, 4)]
    [InlineData(Ip4 + ".family()", 3, 3, 3)]
    [InlineData(Ip6 + ".isLoopback()", 5, 5, 5)]
    [InlineData(Ip4 + " == ip('192.168.0.1')", 5, 5, 5)]
    [InlineData(Ip6 + " == ip('192.168.0.1')", 7, 7, 7)]
    [InlineData("ip.isCanonical('192.168.0.1')", 3, 3, 3)]
    [InlineData("ip.isCanonical('2001:db8:3333:4444:5555:6666:7777:8888')", 8, 8, 8)]
    [InlineData(Cidr4, 2, 2, 2)]
    [InlineData(Cidr4 + ".prefixLength()", 3, 3, 3)]
    [InlineData(Cidr4 + ".masked()", 3, 3, 3)]
    [InlineData(Cidr4 + " == cidr('2001:db8::/32')", 5, 5, 5)]
    [InlineData(Cidr4 + ".containsCIDR(cidr('192.0.0.0/30'))", 7, 11, 7)]
    [InlineData(Cidr4 + ".containsCIDR('192.168.0.0/16')", 7, 11, 7)]
    [InlineData(Cidr4 + ".containsIP(ip('192.0.0.1'))", 4, 7, 4)]
    [InlineData(Cidr4 + ".containsIP(ip('192.169.0.1'))", 5, 8, 5)]
    [InlineData(Cidr4 + ".containsIP('192.0.0.1')", 4, 7, 4)]
    [InlineData(Cidr6 + ".containsCIDR('2001:db8::/126')", 7, 11, 7)]
    [InlineData(Cidr6 + ".containsIP(ip('2001:db8:3333:4444:5555:6666:7777:8888'))", 7, 10, 7)]
    [InlineData(Cidr6 + ".containsIP('2001:db8::1')", 5, 8, 5)]
    public void Lists_AndAddresses(string expression, long min, long max, long actual) => Check(expression, min, max, actual);

    [Theory]
    [InlineData("'ABCDEFGHIJ abcdefghij'.lowerAscii()", 3, 3, 3)]
    [InlineData("'ABCDEFGHIJ abcdefghij'.lowerAscii() == 'abcdefghij ABCDEFGHIJ'.lowerAscii()", 7, 9, 9)]
    [InlineData("strings.quote('ABCDEFGHIJ abcdefghij')", 3, 3, 3)]
    [InlineData("strings.quote('ABCDEFGHIJ abcdefghij') == strings.quote('ABCDEFGHIJ abcdefghij')", 7, 11, 9)]
    [InlineData("'abc 123 def 123'.replace('123', '456')", 3, 3, 3)]
    [InlineData("'abc 123 def 123'.replace('', 'x')", 3, 3, 3)]
    [InlineData("'abc 123 def 123'.replace('123', '456', 1)", 3, 3, 3)]
    [InlineData("'abc 123 def 123'.split(' ')", 3, 3, 3)]
    [InlineData("'abc 123 def 123'.split(' ', 1)", 3, 3, 3)]
    [InlineData("'abc 123 def 123'.substring(5)", 2, 2, 2)]
    [InlineData("'abc 123 def 123'.substring(5, 8)", 2, 2, 2)]
    [InlineData("'  abc 123 def 123  '.trim()", 2, 2, 2)]
    [InlineData("'abc 123 def 123'.find('123')", 2, 2, 2)]
    [InlineData("'abc 123 def 123'.findAll('123', 1)", 2, 2, 2)]
    [InlineData("format.named('dns1123subdomain')", 1, 1, 1)]
    [InlineData("format.named('dns1123Subdomain').value().validate('my-name')", 34, 34, 17)]
    [InlineData("format.named('dns1123Label').value().validate('my-name')", 34, 34, 10)]
    [InlineData("format.named('dns1123Label').value() == format.named('dns1123Label').value()", 5, 11, 5)]
    [InlineData("authorizer.path('/healthz')", 2, 2, 2)]
    [InlineData(Resource, 6, 6, 6)]
    [InlineData(Resource + ".check('create').allowed()", 350007, 350007, 350007)]
    [InlineData("authorizer.group('').resource('pods').fieldSelector(" + Selector + ")", 1821, 1821, 1821)]
    [InlineData("authorizer.group('').resource('pods').labelSelector(" + Selector + ")", 1821, 1821, 1821)]
    [InlineData("authorizer.path('/healthz').check('get').allowed()", 350003, 350003, 350003)]
    [InlineData("quantity('12Mi')", 1, 1, 1)]
    [InlineData("quantity('200M') == quantity('200M')", 3, 3, 3)]
    [InlineData("quantity('200M') == quantity('0.2G') && quantity('0.2G') == quantity('200M')", 3, 6, 6)]
    [InlineData("quantity('50M').isLessThan(quantity('50Mi'))", 3, 3, 3)]
    [InlineData("quantity('50k').add(20).sub(quantity('100k')).sub(-50000).asInteger() > 0", 7, 7, 7)]
    public void Strings_AndKubernetes(string expression, long min, long max, long actual) => Check(expression, min, max, actual);

    [Theory]
    [InlineData("sets.contains([], [])", 21, 21, 21)]
    [InlineData("sets.contains([1], [1])", 22, 22, 2)]
    [InlineData("sets.contains([1, 2, 3, 4], [2, 3])", 29, 29, 9)]
    [InlineData("!sets.contains([1], [2])", 23, 23, 3)]
    [InlineData("sets.equivalent([], [])", 21, 21, 21)]
    [InlineData("sets.equivalent([1, 2, 3], [3, 2, 1])", 39, 39, 19)]
    [InlineData("sets.intersects([1, 2], [2, 2, 3])", 27, 27, 7)]
    [InlineData("{'a': 1, 'b': 2}.all(k, v, v > 0)", 37, 41, 41)]
    [InlineData("{'a': 1, 'b': 2}.exists(k, v, v > 0)", 39, 43, 40)]
    [InlineData("{'a': 1, 'b': 2}.existsOne(k, v, v > 0)", 38, 40, 40)]
    [InlineData("{'a': 1, 'b': 2}.transformMap(k, v, v + 1)", 71, 71, 71)]
    [InlineData("{'a': 1, 'b': 2}.transformMap(k, v, v < 5, v + 1)", 67, 75, 75)]
    [InlineData("[1, 2].all(i, v, v > 0)", 17, 21, 11)]
    [InlineData("[1, 2].exists(i, v, v > 0)", 19, 23, 10)]
    [InlineData("[1, 2].existsOne(i, v, v > 0)", 18, 20, 10)]
    [InlineData("[1, 2].transformList(i, v, v + 1)", 49, 49, 39)]
    [InlineData("[1, 2].transformList(i, v, v < 5, v + 1)", 27, 53, 43)]
    [InlineData("'Hello World!'", 0, 0, 0)]
    [InlineData("[1, 2, 3]", 10, 10, 0)]
    [InlineData("{'a': 1, 'b': 2, 'c': 3}", 30, 30, 30)]
    [InlineData("[1, 2, 3].all(x, true)", 20, 20, 10)]
    [InlineData("'123'.matches('[0-9]')", 2, 2, 2)]
    [InlineData("true || false", 0, 0, 0)]
    [InlineData("1 < 2", 1, 1, 1)]
    [InlineData("1 == 2", 1, 1, 1)]
    [InlineData("2 in [1, 2, 3]", 13, 13, 3)]
    [InlineData("true ? 1 : 2", 0, 0, 0)]
    [InlineData("size('123')", 1, 1, 1)]
    [InlineData("string(1)", 1, 1, 1)]
    public void Sets_LoopsAndOperators(string expression, long min, long max, long actual) => Check(expression, min, max, actual);

    private static void Check(string expression, long min, long max, long actual)
    {
        var compilation = Environment.Compile(expression);
        Assert.True(compilation.Program is not null, compilation.Errors);
        var estimate = compilation.EstimateCost();
        const long budgetMax = 1_000_000_000;
        var budget = new CelBudget(budgetMax);
        var value = compilation.Program!.Evaluate(new CelActivation(Environment).Set("authorizer", CelAuthorizer.Of(new Allowing())), budget);
        Assert.False(value is CelError, (value as CelError)?.Message);
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"{min}..{max} {actual}"), string.Create(CultureInfo.InvariantCulture, $"{estimate.Min}..{estimate.Max} {budgetMax - budget.Remaining}"));
    }

    private sealed class Allowing : ICelAuthorizer
    {
        public CelAuthorizationDecision Authorize(CelAuthorizationCheck check) => new(true, "", null);
    }
}
