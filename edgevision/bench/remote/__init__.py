"""Measuring on another machine: a Linux board over ssh, an Android phone over adb."""
