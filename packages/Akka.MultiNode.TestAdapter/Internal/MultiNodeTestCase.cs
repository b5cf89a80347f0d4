using System.ComponentModel;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Akka.MultiNode.TestAdapter.Internal;

/// <summary>A test case whose run is that of one process per role.</summary>
public sealed class MultiNodeTestCase : XunitTestCase
{
    /// <summary>For the deserializer of test cases only.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("For the deserializer only.")]
    public MultiNodeTestCase() { }

    internal MultiNodeTestCase(IMessageSink sink, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod testMethod)
        : base(sink, display, options, testMethod) { }

    public override Task<RunSummary> RunAsync(
        IMessageSink diagnosticMessageSink, IMessageBus messageBus, object[] constructorArguments, ExceptionAggregator aggregator,
        CancellationTokenSource cancellationTokenSource) =>
        new CaseRunner(this, DisplayName, SkipReason, constructorArguments, TestMethodArguments, messageBus, aggregator, cancellationTokenSource).RunAsync();

    private sealed class CaseRunner(
        IXunitTestCase testCase, string displayName, string? skipReason, object[] constructorArguments, object[]? arguments, IMessageBus bus,
        ExceptionAggregator aggregator, CancellationTokenSource cancellation)
        : XunitTestCaseRunner(testCase, displayName, skipReason, constructorArguments, arguments, bus, aggregator, cancellation)
    {
        protected override XunitTestRunner CreateTestRunner(
            ITest test, IMessageBus messageBus, Type testClass, object[] constructorArguments, System.Reflection.MethodInfo testMethod,
            object[] testMethodArguments, string skipReason, IReadOnlyList<BeforeAfterTestAttribute> beforeAfterAttributes,
            ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource) =>
            new NodesRunner(test, messageBus, testClass, constructorArguments, testMethod, testMethodArguments, skipReason, beforeAfterAttributes,
                aggregator, cancellationTokenSource);
    }

    private sealed class NodesRunner(
        ITest test, IMessageBus bus, Type testClass, object[] constructorArguments, System.Reflection.MethodInfo testMethod, object[] arguments,
        string skipReason, IReadOnlyList<BeforeAfterTestAttribute> attributes, ExceptionAggregator aggregator, CancellationTokenSource cancellation)
        : XunitTestRunner(test, bus, testClass, constructorArguments, testMethod, arguments, skipReason, attributes, aggregator, cancellation)
    {
        protected override async Task<Tuple<decimal, string>> InvokeTestAsync(ExceptionAggregator aggregator)
        {
            var timer = new ExecutionTimer();
            var output = "";
            await aggregator.RunAsync(() => timer.AggregateAsync(async () =>
            {
                var deadline = TimeSpan.FromMilliseconds(((IXunitTestCase)TestCase).Timeout is var ms and > 0 ? ms : 180_000);
                output = await NodesRun.RunAsync(TestClass, TestMethod, deadline, CancellationTokenSource.Token).ConfigureAwait(false);
            })).ConfigureAwait(false);
            return Tuple.Create(timer.Total, output);
        }
    }
}
